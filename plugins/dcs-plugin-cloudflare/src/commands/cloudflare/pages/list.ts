import { Flags } from '@oclif/core';
import { DcsCommand } from 'dcs-sdk/command';
import { createApi } from '../../../api.ts';
import { chooseAccount } from '../../../account.ts';
import service from '../../../service.ts';
import { pagesProjects } from '../../../pages-projects.ts';

export default class PagesList extends DcsCommand {
  static override description = 'List the Pages projects of a Cloudflare account.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --account 7f3ac0de51b84c2f9e60a1d2b3c4d5e6 --json',
  ];
  static override flags = {
    account: Flags.string({ helpValue: 'ID', description: 'the account; default: that of dcs.yaml, else the only one' }),
  };

  async run(): Promise<Record<string, unknown>> {
    const { flags } = await this.parse(PagesList);
    const host = await this.host();
    const api = createApi(host.context(service.title, service.endpoint(host.env)));
    const account = await chooseAccount(api, host, flags.account);
    const projects = await pagesProjects(api, account);
    return this.out(projects.length === 0 ? [`Account ${account} has no Pages projects.`] : projects, { account, projects });
  }
}
