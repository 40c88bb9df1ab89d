/** The choice of microphone and speaker, in the row of a call's buttons. */

import { signal } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";

import * as model from "../call/model";
import { name, text } from "../panel/texts";
import { type Kind, listed, nameOf, pick, speakersChosen, taken, used } from "./devices";
import { Elsewhere, elsewhere } from "./elsewhere";
import { Glyph } from "./glyphs";
import { Language, offered } from "./language";
import type { DevicesProps } from "./slots";
import { InWriting } from "./written";

/** Whether the choice is shown. */
export const choosing = signal(false);

export function Devices({ widget }: DevicesProps): VNode | null {
  const button = useRef<HTMLButtonElement>(null);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => () => void (choosing.value = false), []);
  useLayoutEffect(() => (choosing.value && box.current ? fitted(box.current) : undefined), [choosing.value]);
  const speaks = !model.written.value;
  const more = offered().length > 1 || elsewhere(widget);
  const label = text(more ? "settings" : "sound");
  if (!label || !(speaks || more)) return null;
  const shown = choosing.value;
  const close = (event: KeyboardEvent) => {
    if (!shown || event.key !== "Escape") return;
    // Of the panel, Escape would make it small.
    event.stopPropagation();
    choosing.value = false;
    button.current?.focus();
  };
  return (
    <>
      <button
        ref={button}
        type="button"
        class="press choose"
        aria-label={label}
        aria-expanded={shown}
        aria-controls="vaani_devices"
        title={label}
        onClick={() => (choosing.value = !shown)}
        onKeyDown={close}
      >
        <Glyph name="sliders" />
      </button>
      <div ref={box} id="vaani_devices" class="devices" role="group" aria-label={label} hidden={!shown} onKeyDown={close}>
        <div>
          {shown && speaks && <Choice kind="audioinput" label={text("microphone")} level />}
          {shown && speakersChosen && <Choice kind="audiooutput" label={text("speaker")} />}
          {shown && <Language widget={widget} />}
          {shown && <InWriting widget={widget} />}
          {shown && <Elsewhere widget={widget} />}
        </div>
      </div>
      {!speaks && <Unseen covered={shown} />}
      <span class="aside" role="status">{taken.value && text("using", { name: taken.value })}</span>
    </>
  );
}

/** Pixels: a choice and what it is called. */
const LEAST = 76;

/** Has the settings scroll where the card has no room for all: the buttons below stay in sight. Returns how to stop. */
function fitted(box: HTMLElement): () => void {
  const panel = box.closest(".panel")!;
  const fit = () => {
    const { scrollTop } = box;
    box.style.maxHeight = "none";
    const over = panel.scrollHeight - panel.clientHeight;
    box.style.maxHeight = over > 0 ? `${Math.max(LEAST, box.offsetHeight - over)}px` : "none";
    box.scrollTop = scrollTop;
    // What is asked has to be seen; the page around the card stays where it is.
    const asked = box.querySelector(".anew");
    if (asked) box.scrollTop += Math.max(0, asked.getBoundingClientRect().bottom - box.getBoundingClientRect().bottom);
  };
  const observer = new ResizeObserver(fit);
  observer.observe(panel);
  observer.observe(box.firstElementChild!);
  fit();
  return () => observer.disconnect();
}

/** What the agent writes while the settings cover the log, which tells of nothing then: for who listens to a screen reader. */
function Unseen({ covered }: { covered: boolean }): VNode {
  const lines = model.lines.value;
  const read = useRef<string | undefined>(undefined);
  if (!covered) read.current = lines.at(-1)?.id;
  const news = lines.slice(lines.findIndex(({ id }) => id === read.current) + 1);
  return (
    <div class="aside" role="status" aria-atomic="false">
      {covered && news.map(({ id, role, text: said, final }) => role === "agent" && final && <p key={id}>{name()}: {said}</p>)}
    </div>
  );
}

function Choice({ kind, label, level = false }: { kind: Kind; label: string; level?: boolean }): VNode | null {
  const all = listed(kind);
  if (!all.length) return null;
  const current = used.value[kind];
  return (
    <div class="device">
      <div class="device-name">
        <label for={`vaani-${kind}`}>{label}</label>
        {level && <span class="level" aria-hidden="true"><i /></span>}
      </div>
      <div class="select">
        <select id={`vaani-${kind}`} onChange={({ currentTarget }) => void pick(kind, currentTarget.value)}>
          {all.map((device, index) => (
            <option key={device.deviceId} value={device.deviceId} selected={device.deviceId === current}>
              {nameOf(device) || `${label} ${index + 1}`}
            </option>
          ))}
        </select>
        <Glyph name="down" />
      </div>
    </div>
  );
}
