import { type App, createApp, createSSRApp, h, reactive } from "vue";
import Assistant from "assistant.vue";

const place = document.getElementById("vue")!;
const given = reactive({ plan: "free" });
const root = { render: () => h(Assistant, given) };
let app: App = place.firstChild ? createSSRApp(root) : createApp(root);
app.mount(place);

Object.assign(window, {
  vue: {
    set: (plan: string) => void (given.plan = plan),
    unmount: () => app.unmount(),
    mount: () => void (app = createApp(root)).mount(place),
  },
});
