import type { Recording, RecordTable } from './recorder.ts';

export class FakeRecorder implements Recording {
  readonly rows: { table: RecordTable; row: Readonly<Record<string, unknown>> }[] = [];

  write(table: RecordTable, row: Readonly<Record<string, unknown>>): void {
    this.rows.push({ table, row });
  }

  async flush(): Promise<void> {}

  of(table: RecordTable): Readonly<Record<string, unknown>>[] {
    return this.rows.filter((entry) => entry.table === table).map(({ row }) => row);
  }
}
