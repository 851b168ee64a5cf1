import { text } from 'node:stream/consumers';
import { Args } from '@oclif/core';
import { DcsCommand } from 'dcs-sdk/command';
import { DcsError } from 'dcs-sdk';
import { openSession, type Session } from '../session.ts';
import { serviceNamed } from '../services.ts';

export default class Login extends DcsCommand {
  static override description = `Keep a token for a service, in the OS keyring or else an encrypted file. The token comes by prompt or stdin, never as an argument; it is checked before it is kept.`;
  static override examples = ['<%= config.bin %> login doppler', 'printenv CF_TOKEN | <%= config.bin %> login cloudflare'];
  static override args = { service: Args.string({ default: 'doppler', description: 'doppler, cloudflare ...' }) };

  async run(): Promise<Record<string, unknown>> {
    const { args } = await this.parse(Login);
    const session = await openSession(this.config, this.invocation(), { optional: true });
    const service = await serviceNamed(session, args.service);
    const token = await readToken(session, service.title, [service.login.command ?? '', service.login.tokenPage].filter(Boolean));
    const context = session.context(service.title, service.endpoint(session.env));
    const who = await service.whoami({ token, from: 'dcs login', beats: [] }, context);
    const where = await session.credentials.keep({ service: service.id, endpoint: service.endpoint(session.env) }, token);
    const winner = await service.credential(context);
    const lines = [
      `✓ ${service.title}  ${who.account}; kept in ${where}`,
      ...(winner && !winner.from.startsWith('dcs login') ? [`! ${winner.from} comes first: it beats this login`] : []),
    ];
    return this.out(lines, { service: service.id, account: who.account, kept: where, winner: winner?.from ?? null });
  }
}

async function readToken(session: Session, title: string, ways: readonly string[]): Promise<string> {
  const { invocation, env } = session;
  if (!process.stdin.isTTY) {
    const token = (await text(process.stdin)).trim();
    if (token !== '') return token;
    throw new DcsError('USAGE', `No ${title} token arrived on stdin.`, { hint: ways });
  }
  if (!invocation.input || invocation.json || env['CI'])
    throw new DcsError('REFUSED', 'A token is asked for at a terminal, or read from stdin.', { hint: ways });
  process.stderr.write(`${title}: ${ways.join('   or   ')}\n`);
  const { default: inquirer } = await import('inquirer');
  const { token } = await inquirer.createPromptModule({ output: process.stderr })([
    { type: 'password', name: 'token', message: `${title} token:` },
  ]);
  if (typeof token !== 'string' || token.trim() === '') throw new DcsError('USAGE', 'No token was typed.', { hint: ways });
  return token.trim();
}
