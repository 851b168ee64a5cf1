/** Words of a test's title, and the file it stands in. */
export interface Held {
  readonly file: string;
  readonly title: string;
}

/** A defect that a tool of this kind had, and why dcs does not have it. */
export interface Defect {
  readonly id: string;
  readonly what: string;
  /** `design`: what would have to be written anew for it to occur; `tests`: what would fail. A design names the tests that keep it so. */
  readonly design?: string;
  readonly tests: readonly Held[];
}

export const by = (file: string, ...titles: string[]): Held[] => titles.map((title) => ({ file, title }));
export const tested = (id: string, what: string, ...tests: readonly Held[][]): Defect => ({ id, what, tests: tests.flat() });
export const impossible = (id: string, what: string, design: string, ...tests: readonly Held[][]): Defect => ({
  id,
  what,
  design,
  tests: tests.flat(),
});
