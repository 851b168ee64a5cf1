/** Every format there is. Of those that can hold everything, the one nearest the top is recommended. */
export const FORMAT_NAMES = [
  'dotenv',
  'json',
  'yaml',
  'bash',
  'zsh',
  'fish',
  'powershell',
  'cmd',
  'docker',
  'kubernetes',
  'tfvars',
  'github-env',
  'firebase',
] as const;
export type FormatName = (typeof FORMAT_NAMES)[number];
