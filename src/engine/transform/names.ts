const words = (name: string): string[] => name.toLowerCase().split('_').filter(Boolean);
const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);
const pascal = (name: string): string => words(name).map(capital).join('');
/** `__` divides levels in .NET. */
const levels = (name: string, between: string): string => name.split('__').filter(Boolean).map(pascal).join(between);

/**
 * Doppler's name transformers under Doppler's names, from SMTP__USER_NAME.
 * https://docs.doppler.com/docs/name-transformers (last verified 2026-11-21)
 */
export const NAME_TRANSFORMERS = {
  /** smtpUserName */
  camel: (name: string) => {
    const [first = '', ...rest] = words(name);
    return first + rest.map(capital).join('');
  },
  /** SmtpUserName */
  'upper-camel': pascal,
  /** smtp__user_name */
  'lower-snake': (name: string) => name.toLowerCase(),
  /** smtp-user-name */
  kebab: (name: string) => words(name).join('-'),
  /** TF_VAR_smtp__user_name */
  'tf-var': (name: string) => `TF_VAR_${name.toLowerCase()}`,
  /** Smtp:UserName: for files; no shell takes it as a variable. */
  dotnet: (name: string) => levels(name, ':'),
  /** Smtp__UserName */
  'dotnet-env': (name: string) => levels(name, '__'),
};

export type NameTransformer = keyof typeof NAME_TRANSFORMERS;

/** Two names may become one: comparing the results is the caller's. A name of underscores alone stays as it is. */
export function transformName(kind: NameTransformer, name: string): string {
  return words(name).length === 0 ? name : NAME_TRANSFORMERS[kind](name);
}
