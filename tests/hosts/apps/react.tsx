import { type Root, createRoot, hydrateRoot } from "react-dom/client";
import { Assistant } from "assistant.tsx";

const place = document.getElementById("react")!;
const made = (plan: string) => <Assistant plan={plan} />;
let root: Root = place.firstChild ? hydrateRoot(place, made("free")) : createRoot(place);
if (!place.firstChild) root.render(made("free"));

Object.assign(window, {
  react: {
    set: (plan: string) => root.render(made(plan)),
    unmount: () => root.unmount(),
    mount: () => (root = createRoot(place)).render(made("free")),
  },
});
