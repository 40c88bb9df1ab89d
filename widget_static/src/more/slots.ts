/** Places in the panel that this chunk fills. */

import type { Widget } from "../types";

export interface SlotProps {
  widget: Widget;
}

/** In the bar: the latest words. */
export type CaptionProps = SlotProps;
/** Below the transcript, in a call: typing. */
export type ComposerProps = SlotProps;
/** When the call has ended: how it was. */
export type FeedbackProps = SlotProps;
/** In the row of buttons, in a call: microphone and speaker. */
export type DevicesProps = SlotProps;
/** Above the transcript, in a call: what is wrong with one's own side of it. */
export type NoticesProps = SlotProps;
/** Within a failure, below its sentence: how to mend it. */
export type HelpProps = SlotProps;
