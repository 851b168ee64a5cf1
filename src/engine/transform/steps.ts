import type * as Zod from 'zod';
import { decode, encode } from './base64.ts';
import { Unfit } from './error.ts';
import { parseJson, pick, textsOf, writeJson } from './exact.ts';
import { parsePath } from './path.ts';

/** What a step does to a value. Throws Unfit where the value does not fit, and never quotes it. */
export type Act = (value: string) => string;

/** Handed zod, which only a check of dcs.yaml loads. */
export type Schema<A> = (z: typeof Zod) => Zod.ZodType<A>;

interface Plain {
  /** For editors (JSON Schema) and docs/configuration.md. */
  readonly about: string;
  readonly argument?: undefined;
  make(): Act;
}
interface Taking<A> {
  readonly about: string;
  /** What stands beside the name in dcs.yaml. */
  readonly argument: Schema<A>;
  make(argument: A): Act | Promise<Act>;
}

const plain = (about: string, act: Act): Plain => ({ about, make: () => act });
const taking = <A>(about: string, argument: Schema<A>, make: Taking<A>['make']): Taking<A> => ({ about, argument, make });

const text: Schema<string> = (z) => z.string().min(1, 'must not be empty');
const path: Schema<string> = (z) =>
  z.string().refine((written) => parsePath(written) !== undefined, 'must be a path such as .private_key, .hosts[0].name or ."quoted key"');

/** Every step there is: adding one is adding a line here. Text in, text out. */
export const STEPS = {
  trim: plain('White space at both ends goes.', (value) => value.trim()),
  'multiline-to-single': plain('Each line break becomes the two characters \\n, as .env files write a PEM key.', (value) =>
    value.replaceAll(/\r\n|\r|\n/g, '\\n'),
  ),
  'base64-encode': plain('Standard alphabet, padded, one line.', (value) => encode(value, 'base64')),
  'base64-decode': plain('Strict: no line breaks, right padding; the result must be UTF-8 text.', (value) => decode(value, 'base64')),
  'base64url-encode': plain('The alphabet for URLs, without padding.', (value) => encode(value, 'base64url')),
  'base64url-decode': plain('Strict; padding may be left out. The result must be UTF-8 text.', (value) => decode(value, 'base64url')),
  json: taking('What stands at this path of a JSON value; a list or map as JSON, numbers as they were written.', path, (written) => {
    const where = parsePath(written)!;
    return (value) => pick(parseJson(value), where);
  }),
  yaml: taking('What stands at this path of a YAML value; a list or map as JSON, numbers as they were written.', path, async (written) => {
    const where = parsePath(written)!;
    const { parseYaml } = await import('./yaml.ts');
    return (value) => pick(parseYaml(value), where);
  }),
  replace: taking(
    'Every occurrence of a text, literally.',
    (z) => z.strictObject({ from: text(z), to: z.string() }),
    ({ from, to }) =>
      (value) =>
        value.replaceAll(from, () => to),
  ),
  split: taking('At each of these, into a JSON list of texts.', text, (by) => (value) => writeJson(value.split(by))),
  join: taking(
    'A JSON list of texts and numbers, with this between them.',
    (z) => z.string(),
    (by) => (value) => textsOf(parseJson(value)).join(by),
  ),
  prefix: taking('Goes before the value.', text, (before) => (value) => before + value),
  suffix: taking('Goes after the value.', text, (after) => (value) => value + after),
  case: taking(
    'All letters.',
    (z) => z.enum(['upper', 'lower']),
    (to) => (value) => (to === 'upper' ? value.toUpperCase() : value.toLowerCase()),
  ),
};

type Steps = typeof STEPS;
export type StepName = keyof Steps;

/** One step, read and checked. */
export type Step = {
  [K in StepName]: Steps[K] extends Taking<infer A> ? { readonly step: K; readonly argument: A } : { readonly step: K };
}[StepName];

export const isStepName = (word: string): word is StepName => Object.hasOwn(STEPS, word);

/** Whatever a step makes must be text that UTF-8 can carry. */
export async function actOf(step: Step): Promise<Act> {
  const definition = STEPS[step.step] as Taking<unknown>;
  const act = await definition.make('argument' in step ? step.argument : undefined);
  return (value) => {
    const made = act(value);
    if (!made.isWellFormed()) throw new Unfit('the result is not well-formed Unicode text');
    return made;
  };
}
