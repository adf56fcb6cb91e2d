/** Length-delimited field 1 to 5, shorter than 128 bytes. */
const field = (number: number, value: Uint8Array) =>
  Buffer.concat([Buffer.from([(number << 3) | 2, value.length]), value]);

let spans = 0;

/** An ExportTraceServiceRequest with a failed root span for each trace id (32 hex digits). */
export function spanRequest(traceIds: readonly string[], name = 'GET /'): Uint8Array {
  const attribute = Buffer.concat([
    field(1, Buffer.from('service.name')),
    field(2, field(1, Buffer.from('shop'))),
  ]);
  const resource = field(1, field(1, attribute));
  const requests = traceIds.map((traceId) => {
    const spanId = Buffer.alloc(8);
    spans += 1;
    spanId.writeUInt32BE(spans, 4);
    const span = Buffer.concat([
      field(1, Buffer.from(traceId, 'hex')),
      field(2, spanId),
      field(5, Buffer.from(name)),
      // Status: code 2, an error.
      Buffer.from([0x7a, 2, 0x18, 2]),
    ]);
    return field(1, Buffer.concat([resource, field(2, field(2, span))]));
  });
  return Buffer.concat(requests);
}
