/** Name column and time column; the ruler, the rows and the path share them. */
export const columnsClass =
  'grid grid-cols-[minmax(8.5rem,38%)_1fr] md:grid-cols-[minmax(14rem,30%)_1fr]';
