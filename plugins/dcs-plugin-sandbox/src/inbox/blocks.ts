/** https://docs.slack.dev/reference/block-kit/blocks, last verified 2026-11-21. Lengths in characters. */
const LIMITS = {
  blocks: 50,
  id: 255,
  header: 150,
  section: 3000,
  field: 2000,
  fields: 10,
  elements: 10,
  actions: 25,
  markdown: 12_000,
  alt: 2000,
};

type Json = Record<string, unknown>;
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

/** A text object; `plain` where Slack takes no mrkdwn. */
function isText(value: unknown, most: number, plain = false): boolean {
  if (!isObject(value)) return false;
  const { type, text } = value;
  const known = type === 'plain_text' || (type === 'mrkdwn' && !plain);
  return known && typeof text === 'string' && text.length >= 1 && text.length <= most;
}

const isShort = (value: unknown, most: number): boolean => typeof value === 'string' && value.length >= 1 && value.length <= most;

function isList(value: unknown, most: number, each: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.length >= 1 && value.length <= most && value.every(each);
}

const isImage = (value: unknown): boolean =>
  isObject(value) && value['type'] === 'image' && isShort(value['image_url'], 3000) && isShort(value['alt_text'], LIMITS.alt);

const CHECKS = new Map<unknown, (block: Json) => boolean>([
  ['divider', () => true],
  ['header', ({ text }) => isText(text, LIMITS.header, true)],
  [
    'section',
    ({ text, fields }) =>
      (text !== undefined || fields !== undefined) &&
      (text === undefined || isText(text, LIMITS.section)) &&
      (fields === undefined || isList(fields, LIMITS.fields, (field) => isText(field, LIMITS.field))),
  ],
  ['context', ({ elements }) => isList(elements, LIMITS.elements, (element) => isText(element, LIMITS.section) || isImage(element))],
  ['image', isImage],
  ['actions', ({ elements }) => isList(elements, LIMITS.actions, (element) => isObject(element) && typeof element['type'] === 'string')],
  ['markdown', ({ text }) => isShort(text, LIMITS.markdown)],
  ['rich_text', ({ elements }) => isList(elements, LIMITS.blocks, isObject)],
]);

/** Where the first block stands that Slack would not take; undefined when it takes all. */
export function wrongBlock(blocks: unknown): number | undefined {
  if (!Array.isArray(blocks) || blocks.length > LIMITS.blocks) return 0;
  const ids = new Set<unknown>();
  for (const [index, block] of blocks.entries()) {
    if (!isObject(block)) return index;
    const { type, block_id: id } = block;
    if (id !== undefined && (!isShort(id, LIMITS.id) || ids.has(id))) return index;
    ids.add(id ?? {});
    if (CHECKS.get(type)?.(block) !== true) return index;
  }
  return undefined;
}
