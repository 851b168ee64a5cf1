import { Args } from '@oclif/core';
import { DcsCommand } from 'dcs-sdk/command';
import { openSession } from '../session.ts';
import { serviceNamed } from '../services.ts';

export default class Logout extends DcsCommand {
  static override description = 'Forget the token that dcs login keeps. Logins of other tools stay.';
  static override examples = ['<%= config.bin %> logout doppler'];
  static override args = { service: Args.string({ default: 'doppler', description: 'doppler, cloudflare ...' }) };

  async run(): Promise<Record<string, unknown>> {
    const { args } = await this.parse(Logout);
    const session = await openSession(this.config, this.invocation(), { optional: true });
    const service = await serviceNamed(session, args.service);
    const was = await session.credentials.forget({ service: service.id, endpoint: service.endpoint(session.env) });
    const left = await service.credential(session.context(service.title, service.endpoint(session.env)));
    return this.out(
      [
        was ? `✓ ${service.title}: the kept token is gone` : `dcs keeps no token for ${service.title}`,
        ...(left ? [`! ${left.from} still signs in`] : []),
      ],
      {
        service: service.id,
        was,
        left: left?.from ?? null,
      },
    );
  }
}
