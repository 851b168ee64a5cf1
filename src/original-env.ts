/** The environment as the caller made it, before dcs and oclif set variables of their own: what a program started by dcs gets. */
export const originalEnv: Readonly<Record<string, string | undefined>> = { ...process.env };
