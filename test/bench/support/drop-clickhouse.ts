/**
 * Speaks as much of ClickHouse's HTTP interface as the collector uses, and drops every row: so that
 * the collector does all of its own work and no database competes with it for the processor.
 */
import { createServer } from 'node:http';

let bytes = 0;
const server = createServer((request, response) => {
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  request.on('end', () => {
    response.writeHead(200, { 'content-type': 'text/plain' });
    // `/bytes` is ours; a ping is answered as ClickHouse does, a query with no rows.
    const path = request.url ?? '';
    response.end(path === '/bytes' ? String(bytes) : path === '/ping' ? 'Ok.\n' : '');
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') process.send?.(address.port);
});
process.once('disconnect', () => process.exit(0));
