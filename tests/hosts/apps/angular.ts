// Compiled in the browser.
import "@angular/compiler";
import { type ApplicationRef, type ComponentRef, createComponent } from "@angular/core";
import { createApplication } from "@angular/platform-browser";
import { Assistant } from "assistant.angular.ts";

const place = document.getElementById("angular")!;
const app: ApplicationRef = await createApplication();
let shown: ComponentRef<Assistant>;

const mount = () => {
  const hostElement = place.appendChild(document.createElement("app-assistant"));
  shown = createComponent(Assistant, { environmentInjector: app.injector, hostElement });
  shown.setInput("plan", "free");
  app.attachView(shown.hostView);
};
mount();

Object.assign(window, {
  angular: {
    set: (plan: string) => shown.setInput("plan", plan),
    unmount: () => shown.destroy(),
    mount,
  },
});
