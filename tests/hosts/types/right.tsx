// What has to compile in React.
import type {} from "vaani-widget-types/react";

export const written = (
  <vaani-widget
    className="corner"
    site="shop"
    position="bottom-left"
    z-index={5}
    offset-x="30"
    transcript="false"
    feedback
    texts={JSON.stringify({ en: {} })}
    ref={(element) => void element?.open()}
    onvaani-error={(event) => console.log(event.detail.code)}
  />
);
