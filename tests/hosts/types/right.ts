// What has to compile.
import type { VaaniWidgetElement } from "vaani-widget-types";

const made = document.createElement("vaani-widget");
made.accentColor = "#0a7c5a";
made.transcript = false;
made.metadata = { plan: "free" };
made.position = "inline";
made.label = null;
made.addEventListener("vaani-call-end", function (event) {
  const seconds: number = event.detail.durationSeconds;
  const itself: VaaniWidgetElement = this;
  void [seconds, itself];
});
made.addEventListener("click", (event) => event.clientX);
made.addEventListener("vaani-to-come", () => {});
void made.start().then(() => made.mute(true));
void made.registerTool("cart", (input) => ({ input }));

document.addEventListener("vaani-before-call", (event) => {
  event.detail.waitUntil(fetch("/vaani-grant").then((answer) => answer.json()));
  event.preventDefault();
});
window.VaaniWidget?.("on", "vaani-state", ({ detail }) => detail.state === "listening");
window.VaaniWidget?.("setMetadata", { page: "pricing" });
window.VaaniWidget?.("start");
