import { createSSRApp } from "vue";
import { renderToString } from "vue/server-renderer";
import Assistant from "assistant.vue";

export const html = await renderToString(createSSRApp(Assistant, { plan: "free" }));
