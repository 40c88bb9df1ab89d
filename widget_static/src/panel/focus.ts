/** Where the keyboard is. */

/** The focused element, also inside of shadow roots. */
export function active(): Element | null {
  let element = document.activeElement;
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  return element;
}
