// What jsforce makes of the sandbox: log-in, Collections upsert, Bulk 2.0 upsert, query.
// Arguments: address, consumer key, consumer secret. Prints one JSON object.
'use strict';

const jsforce = require('jsforce');

async function main([url, clientId, clientSecret]) {
  const conn = new jsforce.Connection({
    loginUrl: url,
    oauth2: { loginUrl: url, clientId, clientSecret },
    version: '62.0',
  });
  const user = await conn.authorize({ grant_type: 'client_credentials' });

  const rows = (from, count) => Array.from({ length: count }, (_, i) => ({
    PBX_Call_Key__c: `london/pbx1/js-${from + i}`,
    Subject: `From jsforce, "${from + i}"`,
    Status: 'Completed',
  }));
  const collections = async () => conn.sobject('Task').upsert(rows(0, 3), 'PBX_Call_Key__c');
  const created = await collections();
  const updated = await collections();
  const refused = await conn.sobject('Task').upsert(
    [{ PBX_Call_Key__c: 'london/pbx1/js-bad', Subject: 'x'.repeat(300) }, rows(9, 1)[0]], 'PBX_Call_Key__c');

  const bulk = await conn.bulk2.loadAndWaitForResults({
    object: 'Task',
    operation: 'upsert',
    externalIdFieldName: 'PBX_Call_Key__c',
    input: [...rows(100, 5), { PBX_Call_Key__c: 'london/pbx1/js-long', Subject: 'y'.repeat(300) }],
    pollInterval: 50,
    pollTimeout: 20000,
  });

  const query = await conn.query(
    "SELECT Id, Subject, PBX_Call_Key__c FROM Task WHERE PBX_Call_Key__c LIKE 'london/pbx1/js-%' ORDER BY PBX_Call_Key__c");
  const all = await conn.query('SELECT Id FROM Task').run({ autoFetch: true, maxFetch: 10000 });
  const search = await conn.search('FIND {442079460922 OR 02079460922} IN PHONE FIELDS RETURNING Contact(Id, AccountId), Lead(Id), Account(Id)');
  const described = await conn.sobject('Call_Metric__c').describe();

  process.stdout.write(JSON.stringify({
    user,
    created,
    updated,
    refused,
    bulk: {
      successful: bulk.successfulResults.length,
      failed: bulk.failedResults.map((r) => r.sf__Error),
      unprocessed: bulk.unprocessedRecords.length,
    },
    query: { total: query.totalSize, first: query.records[0].Subject, type: query.records[0].attributes.type },
    all: all.records.length,
    search: search.searchRecords.map((r) => r.attributes.type),
    described: described.fields.length,
    limit: conn.limitInfo,
  }));
}

main(process.argv.slice(2)).catch((error) => {
  process.stderr.write(`${error.stack || error}\n`);
  process.exit(1);
});
