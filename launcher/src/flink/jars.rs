//! Jars on a cluster: listed, uploaded, run, removed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::client::{Ask, FlinkClient};
use super::upload::{Upload, multipart};
use super::{FlinkError, FlinkJobId, path};

/// How long a program may build its graph in the `JobManager`.
const GRAPH: Duration = Duration::from_mins(10);
/// How long an upload may stand still, and how long Flink may take to answer when it has everything.
const STILL: Duration = Duration::from_mins(1);

/// A jar that lies on a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Jar {
    /// What it is run by.
    pub id: String,
    /// The name that it was uploaded under.
    pub name: String,
    /// When, in milliseconds since 1970.
    #[serde(default)]
    pub uploaded: i64,
}

/// Where an upload has become a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uploaded {
    /// What it is run and removed by.
    pub id: String,
    /// Where it lies on the `JobManager`.
    pub path: String,
}

/// What is to run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RunRequest {
    /// The class whose `main` runs in the `JobManager`.
    pub entry_class: String,
    /// Its arguments, one by one.
    #[serde(rename = "programArgsList")]
    pub program_arguments: Vec<String>,
    /// How many tasks of one step run at the same time, where the program does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parallelism: Option<u32>,
    /// The id that the job is to have.
    pub job_id: FlinkJobId,
    /// Settings of Flink's for this job.
    #[serde(rename = "flinkConfiguration", skip_serializing_if = "BTreeMap::is_empty")]
    pub configuration: BTreeMap<String, String>,
}

impl FlinkClient {
    /// The jars on the cluster.
    pub async fn jars(&self) -> Result<Vec<Jar>, FlinkError> {
        #[derive(Deserialize)]
        struct Jars {
            files: Vec<Jar>,
        }
        let jars: Result<Jars, _> = self.ask(Ask::get("name its jars", "/jars")).await;
        Ok(jars.map_err(|error| self.no_submissions(error))?.files)
    }

    /// Uploads a file under a name that ends with `.jar`, and says where it has become one. Flink checks nothing of it.
    pub async fn upload_jar(&self, name: &str, upload: Upload) -> Result<Uploaded, FlinkError> {
        #[derive(Deserialize)]
        struct Answer {
            filename: String,
        }
        let action = format!("take {name}");
        let sent = Arc::new(AtomicU64::new(0));
        let (kind, bytes, body) = multipart(name, upload, Arc::clone(&sent));
        let ask = Ask {
            method: Method::POST,
            body: Some((&kind, body)),
            bytes,
            limit: None,
            ..Ask::get(&action, "/jars/upload")
        };
        let answer = self.while_it_goes_on(&action, &sent, self.ask::<Answer>(ask)).await;
        let path = answer.map_err(|error| self.no_submissions(error))?.filename;
        // Of a JobManager on Windows too.
        let id = path.rsplit(['/', '\\']).next().unwrap_or(&path).to_owned();
        Ok(Uploaded { id, path })
    }

    /// Removes a jar. One that is not there is no error.
    pub async fn delete_jar(&self, id: &str) -> Result<(), FlinkError> {
        let path = format!("/jars/{}", path::segment(id));
        match self.send(Ask::get("remove a jar", &path).by(Method::DELETE)).await {
            Ok(_) => Ok(()),
            Err(FlinkError::Refused { message, .. }) if message.contains("does not exist") => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Runs a jar. The answer comes when its program has handed its graph to Flink.
    pub async fn run_jar(&self, id: &str, request: &RunRequest) -> Result<FlinkJobId, FlinkError> {
        #[derive(Deserialize)]
        struct Accepted {
            jobid: FlinkJobId,
        }
        let path = format!("/jars/{}/run", path::segment(id));
        let request_body = json!(request);
        let ask = Ask::get("run a job", &path).of(&request.job_id).json(&request_body);
        let accepted: Accepted = self.ask(Ask { limit: Some(GRAPH), ..ask }).await?;
        Ok(accepted.jobid)
    }

    /// A cluster without submissions has none of these paths.
    fn no_submissions(&self, error: FlinkError) -> FlinkError {
        match &error {
            FlinkError::Refused { message, .. }
                if message.contains("Unable to load requested file")
                    || message.contains("request not allowed") =>
            {
                FlinkError::NoSubmissions { endpoint: self.endpoint().to_owned() }
            }
            _ => error,
        }
    }

    /// Waits for an upload as long as bytes go out.
    async fn while_it_goes_on<T>(
        &self,
        action: &str,
        sent: &AtomicU64,
        upload: impl Future<Output = Result<T, FlinkError>>,
    ) -> Result<T, FlinkError> {
        let mut upload = std::pin::pin!(upload);
        let mut before = 0;
        loop {
            if let Ok(answer) = tokio::time::timeout(STILL, &mut upload).await {
                return answer;
            }
            let now = sent.load(Ordering::Relaxed);
            if now == before {
                let endpoint = self.endpoint().to_owned();
                return Err(FlinkError::Silent { endpoint, action: action.to_owned(), waited: STILL });
            }
            before = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_to_run_has_what_flink_reads() {
        let job_id: FlinkJobId = "0".repeat(32).parse().unwrap();
        let request = RunRequest {
            entry_class: "a.B".to_owned(),
            program_arguments: vec!["--x=a,b \"c\"".to_owned()],
            parallelism: Some(2),
            job_id: job_id.clone(),
            configuration: BTreeMap::new(),
        };
        let wanted = json!({
            "entryClass": "a.B", "programArgsList": ["--x=a,b \"c\""], "parallelism": 2, "jobId": job_id.as_str(),
        });
        assert_eq!(json!(request), wanted);
    }
}
