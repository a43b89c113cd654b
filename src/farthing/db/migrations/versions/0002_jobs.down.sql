DROP TABLE jobs_statistics, jobs_log, jobs;
DROP TYPE job_status;
