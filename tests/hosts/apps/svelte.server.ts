import { render } from "svelte/server";
import Assistant from "assistant.svelte";

export const html = render(Assistant, { props: { plan: "free" } }).body;
