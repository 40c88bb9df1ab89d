/**
 * What an agent has written, drawn: paragraphs, lists, **bold** and links, and nothing else. It is built of nodes, never
 * of HTML, so whatever looks like something else is text.
 */

import type { ComponentChildren, VNode } from "preact";

/** `**bold**`, `[label](address)`, and an address of its own without the marks that end the sentence around it. */
const INLINE = /\*\*([^*\n]+)\*\*|\[([^[\]\n]+)\]\(([^\s()<>]+(?:\([^\s()<>]*\)[^\s()<>]*)*)\)|(https:\/\/[^\s<>"]*[^\s<>".,;:!?)\]’”*_])/g;
const BULLET = /^\s{0,3}[-*•]\s+(.+)/;
const NUMBER = /^\s{0,3}(\d{1,4})[.)]\s+(.+)/;
const SAFE = /^(?:https?|mailto|tel):$/;
/** Marks that turn the order of letters around: with them an address can look like another. */
const TURNS = /[\u202a-\u202e\u2066-\u2069]/g;

export function rich(text: string): ComponentChildren {
  const blocks: VNode[] = [];
  let plain: string[] = [];
  let items: VNode[] = [];
  /** The first number of the list that is read; 0 in one with bullets. */
  let first: number | undefined;

  const close = () => {
    const key = blocks.length;
    if (plain.length) blocks.push(<p key={key}>{inline(plain.join("\n"))}</p>);
    else if (items.length) blocks.push(first ? <ol key={key} start={first}>{items}</ol> : <ul key={key}>{items}</ul>);
    plain = [];
    items = [];
    first = undefined;
  };

  for (const line of text.split("\n")) {
    const numbered = NUMBER.exec(line);
    const item = numbered?.[2] ?? BULLET.exec(line)?.[1];
    if (item) {
      const start = Number(numbered?.[1] ?? 0);
      if (plain.length || !!first !== !!numbered) close();
      first ??= start;
      items.push(<li key={items.length}>{inline(item)}</li>);
    } else if (!line.trim()) {
      // A list goes on behind an empty line: models write them like that.
      if (plain.length) close();
    } else {
      if (items.length) close();
      plain.push(line);
    }
  }
  close();
  return blocks;
}

function inline(text: string): ComponentChildren[] {
  const parts: ComponentChildren[] = [];
  let at = 0;
  for (const found of text.matchAll(INLINE)) {
    const [whole, bold, label, address, bare] = found;
    const part = bold ? <strong key={at}>{inline(bold)}</strong> : link(address ?? bare!, label ?? bare!, found.index);
    parts.push(text.slice(at, found.index), part ?? whole);
    at = found.index + whole.length;
  }
  return [...parts, text.slice(at)];
}

/** Undefined where the address is none that one may follow: it stays the text that it is. */
function link(address: string, label: string, key: number): VNode | undefined {
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    return undefined;
  }
  // A name before the host is there to look like a host.
  if (!SAFE.test(url.protocol) || url.username || url.password) return undefined;
  const web = url.protocol.startsWith("http");
  const written = label.replace(TURNS, "");
  // What looks like an address has to be the one that it leads to.
  const lies = /^\S+\.\S+$/.test(written) && web && !written.toLowerCase().includes(url.host);
  return (
    <a key={key} href={url.href} rel="noopener noreferrer" {...(web && { target: "_blank" })}>
      {lies || !written.trim() ? url.href : written}
    </a>
  );
}
