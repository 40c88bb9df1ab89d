/** What the panel has only once a call is there. Every export is drawn, or called, by the panel where it has come. */

import css from "./more.css";

export { css };
