/** Which browser this is, as far as its help differs. What is unknown gets the help for all. */

export type Browser = "chrome" | "android" | "safari" | "ios" | "firefox" | "in_app" | "";

const IN_APP = /Instagram|FBA[NV]|FB_IAB|LinkedInApp|Snapchat|Pinterest|Twitter|WhatsApp|TikTok|musical_ly|Bytedance|\bLine\//;

export function browser(agent = navigator.userAgent, touches = navigator.maxTouchPoints): Browser {
  if (IN_APP.test(agent)) return "in_app";
  // An iPad says that it is a Mac; a Mac has no touch screen.
  const apple = /iPhone|iPad/.test(agent) || (/Macintosh/.test(agent) && touches > 1);
  // Other browsers there leave permissions to the system's settings.
  if (apple) return /CriOS|FxiOS|EdgiOS/.test(agent) ? "" : "ios";
  if (/Firefox/.test(agent)) return /Android/.test(agent) ? "" : "firefox";
  if (/Chrome/.test(agent)) return /Android/.test(agent) ? "android" : "chrome";
  return /Safari/.test(agent) ? "safari" : "";
}

/** Which system, as far as its settings differ. */
export function system(agent = navigator.userAgent, touches = navigator.maxTouchPoints): "windows" | "mac" | "phone" | "" {
  if (/Android|iPhone|iPad/.test(agent) || (/Macintosh/.test(agent) && touches > 1)) return "phone";
  return /Windows/.test(agent) ? "windows" : /Macintosh/.test(agent) ? "mac" : "";
}
