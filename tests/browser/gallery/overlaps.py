"""Whether the rows of a card lie over one another."""

OVERLAPS = """(root) => {
  const seen = (row) =>
    row.matches(":not(.corner, .aside, .newest)") && row.checkVisibility({ checkVisibilityCSS: true });
  const foot = (row) => row.getBoundingClientRect().bottom;
  // what stays in sight while the rest of a column scrolls below it
  const stays = (row, column) =>
    getComputedStyle(row).position === "sticky" && column.scrollHeight > column.clientHeight;
  const wrong = [];
  for (const column of root.querySelectorAll(".panel, .said")) {
    const rows = [...column.children].filter(seen);
    for (const [index, row] of rows.entries()) {
      const below = column.matches(".said") ? foot(column) : Infinity;
      const next = rows[index + 1];
      if (!seen(column) || (next && stays(next, column))) continue;
      const top = next?.getBoundingClientRect().top ?? below;
      if (foot(row) > top + 1) wrong.push(`${row.className} lies over what comes next`);
    }
  }
  return wrong;
}"""
"""A function of the shadow root: what is one below the other, and is not."""
