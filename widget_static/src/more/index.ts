/** What the panel has only once a call is there. Every export is drawn, or called, by the panel where it has come. */

import css from "./more.css";
import "./accent";
import "./uncover";
import "./words";

export { inVain } from "./cause";
export { Dismissal, Instead } from "./before";
export { Caption } from "./caption";
export { Composer } from "./composer";
export { Devices } from "./devices-view";
export { Feedback } from "./feedback";
export { Help, helps } from "./help";
export { Notices } from "./notices";
export { inside } from "./inside";
export { Transcript } from "./transcript";
export { Sound } from "./written";
export { css };
/** What the gallery shows without a call. */
export { interrupted } from "./awake";
export { noticed } from "./caption";
export { devices, taken, used } from "./devices";
export { unheard } from "./silence";
