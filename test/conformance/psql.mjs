import pg from 'pg';

/** The rows of one statement, asked as any client with this connection string would. */
export async function psql(uri, text) {
  const client = new pg.Client({ connectionString: uri });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}
