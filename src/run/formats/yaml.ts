import { firstReason, lines, NOT_TEXT, type Format } from './format.ts';

/** JSON's escapes are YAML's, but YAML also wants those escaped that it calls not printable: https://yaml.org/spec/1.2.2/#51-character-set */
export function yamlQuoted(text: string): string {
  return JSON.stringify(text).replaceAll(
    /[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** A word with an underscore between letters is no number, no null and no truth value in any version of YAML. */
const yamlKey = (name: string): string => (/^[A-Za-z][A-Za-z0-9]*_[A-Za-z0-9_]*$/.test(name) ? name : yamlQuoted(name));

export const yaml: Format = {
  title: 'one YAML mapping',
  refuses: (entry) => firstReason(entry, [NOT_TEXT]),
  render: (entries) => (entries.length === 0 ? '{}\n' : lines(entries, ({ name, value }) => `${yamlKey(name)}: ${yamlQuoted(value)}`)),
};
