import { Flags } from '@oclif/core';
import { DcsCommand } from 'dcs-sdk/command';
import { GUARDS, type Guard } from 'dcs-sdk';
import { endpointOf, openGoogle } from 'dcs-plugin-gcp/target';
import { chooseProject } from '../../choose.ts';
import { legacyConfig } from '../../runtime-config.ts';

export default class ImportConfig extends DcsCommand {
  static override description =
    'Bring the values of functions.config() into Doppler, the plan first.\n\nThat service ends in March 2027. stripe.key becomes STRIPE_KEY; two that would become one are refused until --except names one of them. Nothing is deleted on either side: dcs sync firebase then makes them secrets for defineSecret.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> -e dev',
    '<%= config.bin %> <%= command.id %> -e staging --project shop-4f2a1 --except mail.old_key --yes',
  ];
  static override flags = {
    project: Flags.string({ helpValue: 'ID', description: 'the Firebase project; default: that of dcs.yaml or .firebaserc' }),
    except: Flags.string({ helpValue: 'PATH', multiple: true, multipleNonGreedy: true, description: 'leave out this path: stripe.key' }),
    allow: Flags.string({
      helpValue: 'GUARD',
      multiple: true,
      multipleNonGreedy: true,
      options: [...GUARDS],
      description: 'consent to one guard',
    }),
    yes: Flags.boolean({ char: 'y', description: 'write without asking; covers no guard' }),
  };

  async run(): Promise<Record<string, unknown>> {
    const { flags } = await this.parse(ImportConfig);
    const host = await this.host();
    const environment = await host.environment();
    const project = await chooseProject(host, flags.project);
    const google = openGoogle(host.context('Google', endpointOf('secretmanager', host.env)));
    const source = legacyConfig(google, project, {
      endpoint: endpointOf('runtimeconfig', host.env),
      except: new Set(flags.except),
      say: (line) => host.output.note(line),
    });
    const { lines, json } = await host.sync(source, environment, {
      from: 'functions.config()',
      again: `dcs firebase import-config -e ${environment.name}`,
      allow: (flags.allow ?? []) as Guard[],
    });
    return this.out(lines, json);
  }
}
