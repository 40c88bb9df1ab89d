/** What this visitor has chosen to speak into and to hear by: kept in this browser, for this page's origin. */

const KEY = "vaani_devices";

export interface Choice {
  deviceId: string;
  label: string;
}

type Choices = Partial<Record<string, Choice>>;

/** Where the browser keeps nothing, for this page view. */
let kept: Choices | undefined;

export function chosen(kind: string): Choice | undefined {
  kept ??= read();
  return kept[kind];
}

/** @param device null where whatever the system uses is right again. */
export function choose(kind: string, device: MediaDeviceInfo | null): void {
  const { [kind]: _, ...others } = kept ?? read();
  kept = device ? { ...others, [kind]: { deviceId: device.deviceId, label: device.label } } : others;
  try {
    localStorage.setItem(KEY, JSON.stringify(kept));
  } catch {
    // Blocked, or full: the choice is good for this page.
  }
}

/** Some browsers give a device another id on every page; its name stays. */
export function matches(device: MediaDeviceInfo, choice: Choice | undefined): boolean {
  return !!choice && (device.deviceId === choice.deviceId || (!!device.label && device.label === choice.label));
}

function read(): Choices {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    return stored && typeof stored === "object" ? (stored as Choices) : {};
  } catch {
    return {};
  }
}
