/** The language of the conversation, where the site lets its visitors choose. */

import { signal } from "@preact/signals";
import type { VNode } from "preact";
import { useState } from "preact/hooks";

import * as call from "../call/call";
import { keep, language } from "../call/kept";
import * as model from "../call/model";
import { text } from "../panel/texts";
import type { Widget } from "../types";
import { Anew } from "./anew";
import { Glyph } from "./glyphs";
import type { SlotProps } from "./slots";

/** Counts the choices: they are kept where no signal tells of it. */
const choices = signal(0);

export const offered = (): readonly string[] => model.site.value?.languages ?? [];

/** As its speakers call it. */
export function nameOf(code: string): string {
  try {
    const name = new Intl.DisplayNames([code], { type: "language" }).of(code) ?? code;
    return name.charAt(0).toLocaleUpperCase(code) + name.slice(1);
  } catch {
    // None that the browser knows.
    return code;
  }
}

function current(widget: Widget): string {
  void choices.value;
  const codes = offered();
  const page = `${widget.callSettings["primary_language"]}`.toLowerCase();
  return language(widget) ?? codes.find((code) => code.toLowerCase() === page) ?? codes[0]!;
}

/** Before a call a choice is for the next one; in a call it is asked whether to begin anew. */
export function Language({ widget }: SlotProps): VNode | null {
  // What was chosen in a call, which has to begin anew for it.
  const [wished, wish] = useState("");
  const codes = offered();
  if (codes.length < 2 || !text("language")) return null;
  const now = current(widget);
  const asks = wished && wished !== now && model.busy();
  const choose = (code: string) => {
    keep(widget, "language", code);
    wish("");
    choices.value++;
  };
  const anew = () => {
    const { written } = model;
    const typed = written.peek();
    choose(wished);
    call.end();
    // Inside the click, so that the browser allows microphone and sound; what goes wrong is shown in the panel.
    void (typed ? widget.startText() : widget.start()).catch(() => {});
  };
  return (
    <div class="device">
      <label class="device-name" for="vaani_language">{text("language")}</label>
      <div class="select">
        <select
          id="vaani_language"
          value={asks ? wished : now}
          onChange={({ currentTarget: { value } }) => (model.busy() ? wish(value) : choose(value))}
        >
          {codes.map((code) => (
            <option key={code} value={code} lang={code} selected={code === (asks ? wished : now)}>{nameOf(code)}</option>
          ))}
        </select>
        <Glyph name="down" />
      </div>
      {asks && (
        <Anew
          question={text("language_anew", { language: nameOf(wished) })}
          label={text("anew")}
          go={anew}
          stay={() => wish("")}
        />
      )}
    </div>
  );
}
