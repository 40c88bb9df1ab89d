// The demo's own: how far the voice is, and the owner's controls. The shop needs none of it, nor does the widget.
(() => {
  const status = document.getElementById("status");
  const text = document.getElementById("status-text");
  const form = document.getElementById("settings");
  const tag = document.getElementById("tag");
  const copy = document.getElementById("copy");
  const script = document.querySelector("script[data-site]");
  const pasted = { site: script.dataset.site, "accent-color": script.dataset.accentColor };

  // Firefox keeps a call from a room on its own machine.
  const hint = navigator.userAgent.includes("Firefox")
    ? " In Firefox, first set media.peerconnection.ice.loopback to true in about:config."
    : "";

  async function follow() {
    let pause = 700;
    try {
      const answer = await (await fetch("/status", { cache: "no-store" })).json();
      text.textContent = answer.text + (answer.state === "ready" ? hint : "");
      status.dataset.state = answer.state;
      if (answer.state !== "waiting") pause = 4000;
    } catch {
      if (status.dataset.state !== "failed") {
        text.textContent = "The demo has stopped. Start it again with: vaani-widget demo";
        status.dataset.state = "failed";
      }
      pause = 3000;
    }
    setTimeout(follow, pause);
  }

  // What differs from the defaults, by attribute name without "data-".
  function chosen() {
    const found = {};
    for (const field of form.elements) {
      if (!field.name) continue;
      if (field.type === "checkbox") {
        if (field.checked !== field.defaultChecked) found[field.name] = field.value;
      } else if (field.type === "radio") {
        if (field.checked && field.value) found[field.name] = field.value;
      } else if (field.value.trim() && field.value !== field.defaultValue) {
        found[field.name] = field.value.trim();
      }
    }
    const metadata = {};
    for (const field of form.querySelectorAll("[data-metadata]")) {
      if (field.value.trim()) metadata[field.dataset.metadata] = field.value.trim();
    }
    if (Object.keys(metadata).length) found.metadata = JSON.stringify(metadata);
    return found;
  }

  const names = [...form.elements].map((field) => field.name).filter(Boolean).concat("metadata");

  function apply() {
    const now = chosen();
    for (const output of form.querySelectorAll("output")) {
      const field = document.getElementById(output.htmlFor[0]);
      output.value = field.step < 1 ? Number(field.value).toFixed(1) : field.value;
    }
    // The tag made one <vaani-widget>; what is set on it counts from the next call on.
    const widget = document.querySelector("vaani-widget");
    for (const name of names) {
      if (name in now) widget?.setAttribute(name, now[name]);
      else widget?.removeAttribute(name);
    }
    tag.replaceChildren(`<script async src="${script.src}"`);
    for (const [name, value] of Object.entries({ ...pasted, ...now })) {
      const quote = value.includes('"') ? "'" : '"';
      const safe = value.replaceAll("&", "&amp;").replaceAll(quote, quote === '"' ? "&quot;" : "&#39;");
      const part = document.createElement("span");
      if (name in now) part.className = "new";
      part.textContent = `\n  data-${name}=${quote}${safe}${quote}`;
      tag.append(part);
    }
    tag.append("></script>");
  }

  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(tag.textContent);
      copy.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(tag);
      copy.textContent = "Selected";
    }
    setTimeout(() => { copy.textContent = "Copy"; }, 1500);
  });

  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  document.addEventListener("vaani-ready", apply);
  apply();
  follow();
})();
