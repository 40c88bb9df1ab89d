// Each line of this has to be refused, by itself.
import type {} from "vaani-widget-types/react";
export const off = <vaani-widget transcript={false} />;
export const camel = <vaani-widget accentColor="red" />;
export const object = <vaani-widget metadata={{ plan: "free" }} />;
export const place = <vaani-widget position="middle" />;
export const event = <vaani-widget onvaani-error={(event) => event.detail.message} />;
