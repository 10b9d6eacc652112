"""What conda defines: subdirs, package file names, index files, repodata and shards."""
