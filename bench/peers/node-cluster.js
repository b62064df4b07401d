// The peer that `cluster` is held against: Node's own cluster module, whose primary accepts and
// hands connections to its workers round robin. Each worker reads the whole body and answers with
// the same JSON as ours. Usage: node node-cluster.js [WORKERS]; prints its port.
'use strict';
const cluster = require('node:cluster');
const http = require('node:http');

if (cluster.isPrimary) {
  const count = Number(process.argv[2] ?? 4);
  let listening = 0;
  cluster.on('listening', (_worker, address) => {
    if (++listening === count) console.log(`listening on 127.0.0.1:${address.port}`);
  });
  for (let i = 0; i < count; i++) cluster.fork();
} else {
  const worker = cluster.worker.id - 1;
  http.createServer((request, response) => {
    let bytes = 0;
    request.on('data', (chunk) => { bytes += chunk.length; });
    request.on('end', () => {
      const body = JSON.stringify({mode: 'node-cluster', worker, pid: process.pid, bytes});
      response.writeHead(200, {'Content-Type': 'application/json', 'Content-Length': body.length});
      response.end(body);
    });
  }).listen(0, '127.0.0.1');
}
