import { hydrate, mount, unmount } from "svelte";
import Assistant from "assistant.svelte";
import { given } from "./svelte.given.svelte.ts";

const target = document.getElementById("svelte")!;
let app = (target.firstChild ? hydrate : mount)(Assistant, { target, props: given });

Object.assign(window, {
  svelte: {
    set: (plan: string) => void (given.plan = plan),
    unmount: () => void unmount(app),
    mount: () => void (app = mount(Assistant, { target, props: given })),
  },
});
