'use client';

import { useQuery } from '@tanstack/react-query';
import { servicesQuery } from '../../lib/queries.ts';
import { inputClass } from '../ui/field.tsx';

export function ServicePicker(props: { value: string; onChange: (service: string) => void }) {
  const services = useQuery(servicesQuery).data?.services.map(({ service }) => service) ?? [];
  const shown =
    props.value && !services.includes(props.value) ? [props.value, ...services] : services;
  return (
    <select
      aria-label="Service"
      className={`${inputClass} w-44`}
      value={props.value}
      onChange={(event) => props.onChange(event.target.value)}
    >
      <option value="">All services</option>
      {shown.map((service) => (
        <option key={service}>{service}</option>
      ))}
    </select>
  );
}
