// docs/commands: a page a first word, from the manifests. `npm run gen` writes it, test/manifest.test.ts compares.
import { readFileSync } from 'node:fs';
import { exits } from './exit-codes.mjs';
import { packages } from './manifest.mjs';

const json = (file) => JSON.parse(readFileSync(new URL(`../${file}`, import.meta.url), 'utf8'));
const typed = (text, id = '') => text.replaceAll('<%= config.bin %>', 'dcs').replaceAll('<%= command.id %>', id.replaceAll(':', ' '));
const cell = (text) =>
  typed(text)
    .replaceAll('|', '\\|')
    .replaceAll('\n', ' ')
    .replaceAll(/<(?=[a-z])/g, '&lt;');
const anchor = (id) => `dcs-${id.replaceAll(':', '-')}`;

/** `[name, text]` of every page. */
export function reference() {
  const commands = packages.flatMap((folder) => {
    const { name } = json(`${folder}/package.json`);
    return Object.entries(json(`${folder}/oclif.manifest.json`).commands)
      .filter(([, command]) => !command.hidden)
      .map(([id, command]) => ({ id, ...command, from: folder === '.' ? undefined : name }));
  });
  const words = Object.groupBy(
    commands.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    ({ id }) => id.split(':')[0],
  );
  return [
    ['README.md', index(commands, words)],
    ...Object.entries(words).map(([word, all]) => [`${word}.md`, `# dcs ${word}\n\n${all.map(section).join('\n')}`]),
  ];
}

function index(commands, words) {
  const flags = Object.values(commands.find(({ id }) => id === 'sync').flags).filter(({ helpGroup }) => helpGroup === 'GLOBAL');
  return `# Commands

One page a first word. What a plugin brings names the plugin. Every page is made from the program itself; \`dcs COMMAND --help\` shows the same.

| command | |
|---|---|
${Object.entries(words)
  .flatMap(([word, all]) =>
    all.map(({ id, description }) => `| [dcs ${id.replaceAll(':', ' ')}](${word}.md#${anchor(id)}) | ${first(description)} |`),
  )
  .join('\n')}

## Everywhere

${table(flags)}

Flags follow the command. Exit codes are explained in [errors.md](../errors.md); with \`--json\` standard output is one document that bears \`"schema": 1\`, errors too.
`;
}

const first = (description) => cell(description.split('\n')[0]).replace(/(?<=[^.]\.) .*$/, '');

function section({ id, description, args, flags, examples = [], aliases = [], from, ...rest }) {
  const own = Object.values(flags).filter((flag) => flag.helpGroup !== 'GLOBAL' && !flag.hidden);
  const { codes, more } = exits(id, { flags, ...rest });
  return [
    `## dcs ${id.replaceAll(':', ' ')}\n`,
    `${typed(description, id)}\n`,
    ...(from === undefined ? [] : [`Comes with the plugin \`${from}\`.\n`]),
    ...(aliases.length === 0 ? [] : [`Also: ${aliases.map((alias) => `\`dcs ${alias.replaceAll(':', ' ')}\``).join(', ')}.\n`]),
    `\`\`\`text\ndcs ${[id.replaceAll(':', ' '), ...Object.values(args).map(word)].join(' ')}${own.length === 0 ? '' : ' [flags]'}\n\`\`\`\n`,
    ...(Object.keys(args).length === 0 ? [] : [`${rows(Object.values(args).map((arg) => [word(arg), arg]))}\n`]),
    ...(own.length === 0 ? [] : [`${table(own)}\n`]),
    `\`\`\`sh\n${examples.map((one) => example(one, id)).join('\n')}\n\`\`\`\n`,
    `Exit codes: ${[codes.join(', '), ...more].join('; ')}.${flags.json ? '' : ' No `--json`.'}\n`,
  ].join('\n');
}

const word = ({ name, required, multiple }) => (required ? name.toUpperCase() : `[${name.toUpperCase()}]`) + (multiple ? '...' : '');
const example = (one, id) => (typeof one === 'string' ? typed(one, id) : `${typed(one.command, id)}    # ${one.description}`).trim();
const table = (flags) =>
  rows(
    flags
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .map((flag) => [
        [
          flag.char ? `-${flag.char}, ` : '',
          `--${flag.allowNo ? '[no-]' : ''}${flag.name}`,
          flag.type === 'option' ? ` ${value(flag)}` : '',
        ].join(''),
        flag,
      ]),
  );
const value = ({ options, helpValue, multiple }) => (options?.join('|') ?? helpValue ?? 'VALUE') + (multiple ? '...' : '');
const rows = (all) => `| | |\n|---|---|\n${all.map(([name, one]) => `| \`${name.replaceAll('|', '\\|')}\` | ${says(one)} |`).join('\n')}`;
const says = ({ description = '', default: byDefault, env }) =>
  [
    cell(description),
    ...(byDefault === undefined || byDefault === false || typeof byDefault === 'object' ? [] : [`default ${byDefault}`]),
    ...(env === undefined ? [] : [`also \`${env}\``]),
  ].join('; ');
