import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { neonApi, neonProject } from './neon.ts';
import { world, type Ran, type World } from './world.ts';

export const USERS = 'CREATE TABLE users (id int PRIMARY KEY, email text NOT NULL);\n';
/** Two rows, and so many seconds between them. */
export const slow = (seconds: number): string =>
  `CREATE TABLE slow (id int);\nINSERT INTO slow VALUES (1);\nSELECT pg_sleep(${seconds});\nINSERT INTO slow VALUES (2);\n`;

/** A Neon project with branches dev and main, and a directory of migrations that holds 0001_users.sql. */
export class Migrations {
  w!: World;
  project!: Awaited<ReturnType<typeof neonProject>>;

  /** A project of its own for each test of the block, on one sandbox. */
  static hooks(): Migrations {
    const self = new Migrations();
    before(async () => {
      self.w = await world();
    });
    after(() => self.w.close());
    beforeEach(() => self.#fresh());
    afterEach(() => neonApi(self.w, 'DELETE', `/projects/${self.project.id}`));
    return self;
  }

  async #fresh(): Promise<void> {
    this.project = await neonProject(this.w);
    await this.w.yaml(`doppler: shop\nsources:\n  db: {type: neon, project_id: ${this.project.id}, branch: {dev: dev, prod: main}}\n`);
    await rm(join(this.w.project, 'migrations'), { recursive: true, force: true });
    await mkdir(join(this.w.project, 'migrations'));
    await this.file('0001_users.sql', USERS);
  }

  run(...args: string[]): Promise<Ran> {
    return this.w.dcs(['neon', 'migrate', ...args]);
  }
  dev(...args: string[]): Promise<Ran> {
    return this.run('-e', 'dev', '--yes', ...args);
  }
  file(name: string, text: string): Promise<void> {
    return writeFile(join(this.w.project, 'migrations', name), text);
  }
  remove(name: string): Promise<void> {
    return rm(join(this.w.project, 'migrations', name));
  }

  async url(branch = this.project.dev): Promise<string> {
    const query = new URLSearchParams({ branch_id: branch, database_name: 'neondb', role_name: 'neondb_owner' });
    return (await neonApi(this.w, 'GET', `/projects/${this.project.id}/connection_uri?${query}`)).uri;
  }
  async query(text: string, branch?: string): Promise<Record<string, unknown>[]> {
    const client = new pg.Client({ connectionString: await this.url(branch) });
    await client.connect();
    try {
      return (await client.query(text)).rows;
    } finally {
      await client.end();
    }
  }
  async tables(branch?: string): Promise<unknown[]> {
    const rows = await this.query(`SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`, branch);
    return rows.map(({ name }) => name);
  }
  /** The files that are recorded. */
  async record(branch?: string): Promise<unknown[]> {
    return (await this.query('SELECT file FROM dcs.schema_migrations ORDER BY version', branch)).map((row) => row['file']);
  }
  async branches(): Promise<{ name: string; current_state: string }[]> {
    return (await neonApi(this.w, 'GET', `/projects/${this.project.id}/branches`)).branches;
  }
}
