import { renderToString } from "react-dom/server";
import { Assistant } from "assistant.tsx";

export const html = renderToString(<Assistant plan="free" />);
