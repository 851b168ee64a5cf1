import { Args } from '@oclif/core';
import { DcsCommand } from 'dcs-sdk/command';
import { EXIT, isDcsError } from 'dcs-sdk';
import { openSession } from '../session.ts';
import { serviceNamed, services, signedIn, type SignedIn } from '../services.ts';

export default class Whoami extends DcsCommand {
  static override description = 'Who am I, for each service: account, rights, where the credential comes from and what it beats.';
  static override examples = ['<%= config.bin %> whoami', '<%= config.bin %> whoami cloudflare --json'];
  static override args = { service: Args.string({ description: 'doppler, cloudflare ...; all of them when left out' }) };

  async run(): Promise<Record<string, unknown>> {
    const { args } = await this.parse(Whoami);
    const session = await openSession(this.config, this.invocation(), { optional: true });
    const asked = args.service === undefined ? await services(session) : [await serviceNamed(session, args.service)];
    const found = await Promise.all(asked.map((service) => signedIn(session, service)));
    const failed = found.find(({ error }) => error !== undefined);
    if (failed && !isDcsError(failed.error)) throw failed.error;
    if (failed && isDcsError(failed.error)) process.exitCode = EXIT[failed.error.code];
    else if (args.service !== undefined && !found[0]!.credential) process.exitCode = EXIT.AUTH;
    return this.out(found.flatMap(lines), { services: found.map(json) });
  }
}

function lines({ service, credential, who, error }: SignedIn): string[] {
  if (!credential && error === undefined)
    return [`· ${service.title}  no credential`, `    Try   ${service.login.command ?? `dcs login ${service.id}`}`];
  if (error !== undefined)
    return [`✗ ${service.title}  ${isDcsError(error) ? error.message : 'failed'}`, ...(credential ? [`    from  ${credential.from}`] : [])];
  return [
    `✓ ${service.title}  ${who!.account}`,
    ...who!.rights.map((right) => `    may   ${right}`),
    `    from  ${credential!.from}${credential!.beats.length > 0 ? ` (beats ${credential!.beats.join(', ')})` : ''}`,
    ...(who!.expires === undefined ? [] : [`    until ${who!.expires}`]),
    ...who!.warnings.map((warning) => `    !     ${warning}`),
  ];
}

function json({ service, credential, who, error }: SignedIn): Record<string, unknown> {
  return {
    service: service.id,
    account: who?.account ?? null,
    rights: who?.rights ?? [],
    warnings: who?.warnings ?? [],
    expires: who?.expires ?? null,
    from: credential?.from ?? null,
    beats: credential?.beats ?? [],
    ...(isDcsError(error) ? { error: { code: error.code, message: error.message } } : {}),
  };
}
