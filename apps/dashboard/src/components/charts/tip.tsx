import type { ReactNode } from 'react';

type TipRow = { name: string; value: string; colour?: string };

/** What a chart says under the pointer. */
export function Tip(props: { head: string; rows: readonly TipRow[]; foot?: ReactNode }) {
  return (
    <div className="max-w-80 rounded-md border bg-raised px-2.5 py-1.5 text-xs shadow-pop">
      <div className="font-medium">{props.head}</div>
      <table>
        <tbody>
          {props.rows.map(({ name, value, colour }) => (
            <tr key={name}>
              <td className="pr-3 text-muted">
                {colour ? (
                  <span
                    aria-hidden
                    className="mr-1.5 inline-block size-2 rounded-[1px]"
                    style={{ background: colour }}
                  />
                ) : null}
                {name}
              </td>
              <td className="text-right">{value}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {props.foot ? <div className="mt-1 whitespace-normal text-muted">{props.foot}</div> : null}
    </div>
  );
}
