import type { SecretRule, SecretType } from '../config/secret-rules.ts';

/** One name as code sees it. */
export interface TypedName {
  readonly name: string;
  readonly type: SecretType;
  /** Required in every environment: code need not ask whether it is there. */
  readonly always: boolean;
  readonly about: string;
}

/** Doppler's names and those that `secrets:` of dcs.yaml rules, sorted. */
export function typedNames(names: Iterable<string>, rules: ReadonlyMap<string, SecretRule>, environments: readonly string[]): TypedName[] {
  return [...new Set([...names, ...rules.keys()])].toSorted().map((name) => {
    const { required = [], type = 'string', owner } = rules.get(name) ?? {};
    const always = required.length > 0 && environments.every((environment) => required.includes(environment));
    const where = always ? 'in every environment' : required.length > 0 ? `required in ${required.join(', ')}` : 'optional';
    return { name, type, always, about: [where, type, ...(owner === undefined ? [] : [`owner ${owner}`])].join('; ') };
  });
}

const HEAD = '// Made by `dcs types` from the names in Doppler and `secrets:` of dcs.yaml. Holds no values.\n';
/** Names and owners are data: neither ends a comment or a key. */
const comment = (text: string): string => `/** ${text.replaceAll('*/', '* /').replaceAll(/\s+/g, ' ')} */`;
const key = (name: string): string => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name));

/** Variables are texts; what a text must look like, TypeScript can say of two types. */
const TEXTS: Readonly<Record<SecretType, string>> = {
  string: 'string',
  number: '`${number}`',
  boolean: "'true' | 'false'",
  json: 'string',
  url: 'string',
};

/** A .d.ts for `process.env`. */
export function declarations(names: readonly TypedName[]): string {
  const fields = names.map(
    ({ name, type, always, about }) => `    ${comment(about)}\n    ${key(name)}${always ? '' : '?'}: ${TEXTS[type]};\n`,
  );
  return `${HEAD}declare namespace NodeJS {\n  interface ProcessEnv {\n${fields.join('')}  }\n}\n`;
}

const VALUES: Readonly<Record<SecretType, string>> = {
  string: 'string',
  number: 'number',
  boolean: 'boolean',
  json: 'unknown',
  url: 'URL',
};

/** Read when asked for, so that a program starts without the names it does not use. A mistake names the variable, never its value. */
const READER = `function read<T>(name: string, type: string, parse: (text: string) => T | undefined): T | undefined {
  const text = process.env[name];
  if (text === undefined) return undefined;
  let value: T | undefined;
  try {
    value = parse(text);
  } catch {
    value = undefined; // the parser's own message quotes the text
  }
  if (value === undefined) throw new Error(\`\${name} is no \${type}\`);
  return value;
}

function there<T>(name: string, value: T | undefined): T {
  if (value === undefined) throw new Error(\`\${name} is not set\`);
  return value;
}

const parsers = {
  string: (text: string): string => text,
  number: (text: string): number | undefined => (text.trim() === '' || !Number.isFinite(Number(text)) ? undefined : Number(text)),
  boolean: (text: string): boolean | undefined => (text === 'true' ? true : text === 'false' ? false : undefined),
  json: (text: string): unknown => JSON.parse(text),
  url: (text: string): URL => new URL(text),
};
`;

/** A module whose \`secrets\` has one typed property a name. */
export function accessor(names: readonly TypedName[]): string {
  const getters = names.map(({ name, type, always, about }) => {
    const quoted = JSON.stringify(name);
    const value = `read(${quoted}, '${type}', parsers.${type})`;
    const result = always ? VALUES[type] : type === 'json' ? 'unknown' : `${VALUES[type]} | undefined`;
    return `  ${comment(about)}\n  get ${key(name)}(): ${result} {\n    return ${always ? `there(${quoted}, ${value})` : value};\n  },\n`;
  });
  return `${HEAD}\n${READER}\nexport const secrets = {\n${getters.join('')}};\n`;
}
