/** What makes the call start anew is asked first. */

import type { VNode } from "preact";

import { text } from "../panel/texts";

interface AnewProps {
  question: string;
  /** What the button that does it says. */
  label: string;
  go(): void;
  stay(): void;
}

export function Anew({ question, label, go, stay }: AnewProps): VNode {
  return (
    <div class="anew" role="alert">
      <p>{question}</p>
      <div class="pair">
        <button type="button" class="press" onClick={stay}>{text("not_now")}</button>
        <button type="button" class="press primary" onClick={go}>{label}</button>
      </div>
    </div>
  );
}
