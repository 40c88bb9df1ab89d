// Each line of this has to be refused, by itself.
const made = document.createElement("vaani-widget");
made.accentColour = "#0a7c5a";
made.position = "middle";
made.transcript = "no";
made.zIndex = "5";
made.metadata = "text";
made.addEventListener("vaani-call-end", (event) => event.detail.seconds);
made.mute();
made.sendText(5);
window.VaaniWidget?.("begin");
window.VaaniWidget?.("mute", "yes");
window.VaaniWidget?.("on", "vaani-call-ends", () => {});
