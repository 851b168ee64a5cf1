import { firstReason, lines, NOT_TEXT, NUL, type Format } from './format.ts';

/** HCL reads ${ and %{ as templates; an escaped $ begins none. https://developer.hashicorp.com/terraform/language/expressions/strings */
function quoted(value: string): string {
  const text = value.replaceAll(/[\\"\p{Cc}]|[$%](?=\{)/gu, (one) => {
    if (one === '\\' || one === '"') return `\\${one}`;
    if (one === '\n') return String.raw`\n`;
    return `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
  return `"${text}"`;
}

export const tfvars: Format = {
  title: 'Terraform and OpenTofu variables',
  refuses: (entry) =>
    firstReason(entry, [
      NUL,
      NOT_TEXT,
      ['is no name of a Terraform variable', ({ name }) => !/^[A-Za-z_][\w-]*$/.test(name)],
      ['is not in Unicode normal form C, into which Terraform would change it', ({ value }) => value !== value.normalize('NFC')],
    ]),
  render: (entries) => lines(entries, ({ name, value }) => `${name} = ${quoted(value)}`),
};
